import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Icon } from "../Icon";
import css from "./Shell.module.css";

/** Light or dark; until the reader chooses, the system decides. */
export function SchemeSwitch() {
  // Without keepTransitions Mantine writes a <style> element, which the Content-Security-Policy forbids.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className={css.iconButton}
      onClick={() => setColorScheme(other)}
      aria-label={`Switch to ${other}`}
      title={`Switch to ${other}`}
    >
      <Icon name={other === "dark" ? "moon" : "sun"} size={19} />
    </button>
  );
}
