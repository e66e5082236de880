import { Button } from "@mantine/core";
import { useInReach, useOnline } from "../../api/online";
import { useSession } from "../../session/SessionContext";
import { Notice } from "../feedback/Notice";
import { useNow } from "../time/ticker";
import { Countdown, Clock } from "../time/Times";
import css from "./Shell.module.css";

/** What concerns every page: that it is not up to date while the server is out of reach, and that the sign-in is about to end. */
export function StateNotices() {
  const online = useOnline();
  const inReach = useInReach();
  const { endsAt, warnAt, signInAgain } = useSession();
  const now = useNow();
  const ends = endsAt !== null && warnAt !== null && now >= warnAt && now < endsAt;
  if (inReach && !ends) return null;
  return (
    <div className={css.notices}>
      {!inReach && (
        <Notice tone="deny">
          {online ? "The server is out of reach. We’ll reload this when it is back." : "You’re offline. We’ll reload this when you’re back."} What you
          see may be out of date; what you typed stays.
        </Notice>
      )}
      {ends && (
        <Notice>
          Your sign-in ends at <Clock at={new Date(endsAt).toISOString()} />, in <Countdown to={new Date(endsAt).toISOString()} />. What you typed
          stays.{" "}
          <Button variant="default" size="compact-sm" onClick={signInAgain}>
            Sign in again
          </Button>
        </Notice>
      )}
    </div>
  );
}
