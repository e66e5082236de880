/*
 * One session in all tabs of the portal: a new tab asks the others for theirs, and signing out, or a newer
 * token of the same person, holds for all. The token goes from tab to tab and into no lasting storage, so
 * that the session ends with the last tab.
 */

type Message =
  | { type: "ask"; id: string }
  | { type: "have"; id: string; token: string; since: number }
  | { type: "renewed"; token: string }
  | { type: "ended"; token: string };

export interface Tabs {
  /** The session of another tab, the newest one where they differ; null where there is none. */
  ask(): Promise<string | null>;
  /** What this tab answers others with; null is nothing. */
  hold(token: string | null): void;
  renewed(token: string): void;
  ended(token: string): void;
  close(): void;
}

export interface TabEvents {
  onRenewed: (token: string) => void;
  onEnded: (token: string) => void;
}

const name = "spillway.session";

/** Without locks nobody tells whether other tabs are there: this long they have to answer, a tab that sleeps included. */
const answerWithinMs = 300;
const answerOfKnownWithinMs = 3_000;

export function openTabs({ onRenewed, onEnded }: TabEvents): Tabs {
  const channel = new BroadcastChannel(name);
  let held: { token: string; since: number } | null = null;
  let release: (() => void) | undefined;
  const waiting = new Map<string, (answer: { token: string; since: number }) => void>();

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === "ask" && held) channel.postMessage({ type: "have", id: data.id, ...held } satisfies Message);
    if (data.type === "have") waiting.get(data.id)?.(data);
    if (data.type === "renewed") onRenewed(data.token);
    if (data.type === "ended") onEnded(data.token);
  };

  return {
    async ask() {
      const known = await othersHold();
      if (known === 0) return null;
      const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      const answers: { token: string; since: number }[] = [];
      await new Promise<void>((done) => {
        const timer = setTimeout(done, known === null ? answerWithinMs : answerOfKnownWithinMs);
        waiting.set(id, (answer) => {
          answers.push(answer);
          if (known === null || answers.length < known) return;
          clearTimeout(timer);
          done();
        });
        channel.postMessage({ type: "ask", id } satisfies Message);
      });
      waiting.delete(id);
      return answers.sort((a, b) => b.since - a.since)[0]?.token ?? null;
    },
    hold(token) {
      release?.();
      release = undefined;
      const mine = token === null ? null : { token, since: Date.now() };
      held = mine;
      if (mine === null) return;
      // Held as long as the tab lives, however it ends: by it others know how many answers to wait for.
      void navigator.locks?.request(name, { mode: "shared" }, () => {
        if (held !== mine) return undefined;
        return new Promise<void>((done) => (release = done));
      });
    },
    renewed: (token) => channel.postMessage({ type: "renewed", token } satisfies Message),
    ended: (token) => channel.postMessage({ type: "ended", token } satisfies Message),
    close() {
      release?.();
      channel.close();
    },
  };
}

/** How many other tabs have a session; null where the browser does not tell, as beyond https. */
async function othersHold(): Promise<number | null> {
  if (!navigator.locks) return null;
  const { held = [] } = await navigator.locks.query();
  return held.filter((lock) => lock.name === name).length;
}
