import { Button, Modal } from "@mantine/core";
import { endings } from "../pages/signin/endings";
import { TokenForm } from "../pages/signin/TokenForm";
import { readClaims, type Ending } from "./token";

interface Props {
  /** The token that is about to run out, or did. */
  token: string;
  /** Why it is taken no more; null while it still is. */
  ending: Ending | null;
  onToken: (token: string) => void;
  onSignOut: () => void;
  /** Undefined where there is no way back to the page without a token. */
  onClose?: () => void;
}

/** Signing in again over the page that is there: what was typed on it stays. */
export default function SignInAgain({ token, ending, onToken, onSignOut, onClose }: Props) {
  return (
    <Modal
      opened
      onClose={() => onClose?.()}
      withCloseButton={onClose !== undefined}
      closeOnClickOutside={onClose !== undefined}
      closeOnEscape={onClose !== undefined}
      title={<strong>Sign in again</strong>}
      zIndex={450}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className="stack">
        <p style={{ margin: 0 }} role="status">
          {ending ? endings[ending] : "A new token takes the place of yours, in all of your tabs."} What you typed on the page stays, as long as you
          sign in as <bdi>{readClaims(token)?.name}</bdi>.
        </p>
        <TokenForm onToken={onToken} />
        {ending && (
          <Button variant="subtle" onClick={onSignOut}>
            Sign out instead
          </Button>
        )}
      </div>
    </Modal>
  );
}
