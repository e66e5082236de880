import { Button, Modal } from "@mantine/core";
import { readClaims } from "./token";

interface Props {
  from: string;
  to: string;
  onStay: () => void;
  onSwap: () => void;
}

/** Asks before a sign-in link takes the place of a session that is there: whoever sent it may not be meant. */
export default function SwapQuestion({ from, to, onStay, onSwap }: Props) {
  const [here, there] = [from, to].map((token) => readClaims(token)?.name ?? "someone");
  return (
    <Modal opened onClose={onStay} title={<strong>Sign in as someone else?</strong>} zIndex={500} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stack">
        <p style={{ margin: 0 }}>
          You are signed in as{" "}
          <strong>
            <bdi>{here}</bdi>
          </strong>
          . This link signs in as{" "}
          <strong>
            <bdi>{there}</bdi>
          </strong>
          . What you typed here and did not send would be lost.
        </p>
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onSwap}>
            Sign in as {there}
          </Button>
          <Button onClick={onStay} data-autofocus>
            Stay signed in
          </Button>
        </div>
      </div>
    </Modal>
  );
}
