import { serverNow } from "../../api/clock";
import { utc, zoneName } from "../../format/zone";
import css from "./ZoneSwitch.module.css";
import { chooseZone, ownZone, useZone } from "./zone";

/** Names the zone of every time on the page, and changes between the reader's own and UTC. */
export function ZoneSwitch() {
  const zone = useZone();
  const now = serverNow();
  if (ownZone === utc) return <p className={css.zone}>Times in UTC</p>;
  const other = zone === utc ? ownZone : utc;
  return (
    <p className={css.zone}>
      Times in {zoneName(zone, now)}{" "}
      <button type="button" onClick={() => chooseZone(other)}>
        Use {other === utc ? "UTC" : zoneName(other, now)}
      </button>
    </p>
  );
}
