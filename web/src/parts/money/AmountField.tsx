import { Button, TextInput } from "@mantine/core";
import { withCredits } from "../../format/credits";
import { inWords, readAmount, writtenSafely } from "../../format/typed";
import { withUnit } from "../../format/quantity";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  /** What is counted where it is not credits. */
  unit?: string;
  description?: string;
  required?: boolean;
  disabled?: boolean;
  focus?: boolean;
}

/**
 * An amount as the reader's region writes it, said back in words. What can be read in two ways is not guessed:
 * each reading is offered.
 */
export function AmountField({ label, value, onChange, unit, description, required, disabled, focus }: Props) {
  const typed = readAmount(value);
  const readings = "readings" in typed ? typed.readings : [];
  const said = "amount" in typed ? `${unit ? withUnit(Number(typed.amount), unit) : withCredits(typed.amount)}: ${inWords(typed.amount)}` : null;
  return (
    <div>
      <TextInput
        label={label}
        description={said ?? description}
        descriptionProps={{ "aria-live": "polite" }}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        inputMode="decimal"
        error={"problem" in typed && typed.problem ? typed.problem : undefined}
        required={required}
        disabled={disabled}
        data-autofocus={focus || undefined}
        autoComplete="off"
      />
      {readings.map((reading) => (
        <Button key={reading} variant="light" size="compact-sm" mt={6} mr={6} onClick={() => onChange(writtenSafely(reading))}>
          {writtenSafely(reading)} ({inWords(reading)})
        </Button>
      ))}
    </div>
  );
}
