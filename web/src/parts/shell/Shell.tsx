import { useEffect, useRef, useState, type ReactNode } from "react";
import { NavLink, useLocation } from "react-router";
import { isAdmin, useSession, useViewer } from "../../session/SessionContext";
import { Boundary } from "../feedback/Boundary";
import { Icon, type IconName } from "../Icon";
import { ZoneSwitch } from "../time/ZoneSwitch";
import { ConnectionState } from "./ConnectionState";
import { Mark } from "./Mark";
import { SchemeSwitch } from "./SchemeSwitch";
import { StateNotices } from "./StateNotices";
import css from "./Shell.module.css";

type Entry = [address: string, name: string, icon: IconName];

const own: Entry[] = [
  ["/", "Overview", "overview"],
  ["/history", "History", "history"],
  ["/credits", "Credits", "credits"],
  ["/check", "Check", "check"],
];

const admins: Entry[] = [
  ["/accounts", "Accounts", "accounts"],
  ["/plans", "Plans", "plans"],
  ["/live", "Live", "live"],
  ["/proof", "Proof", "proof"],
  ["/anomalies", "Anomalies", "anomalies"],
  ["/audit", "Audit log", "audit"],
];

/** The frame of every page: where one is, who one is, and whether what one sees is live. */
export function Shell({ children }: { children: ReactNode }) {
  const viewer = useViewer();
  const { pathname, search } = useLocation();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const burger = useRef<HTMLButtonElement>(null);
  const first = useRef(true);

  // A new page begins at its top, and the keyboard goes on from there; not where it stands on
  // something that this page shares with the one before, such as an account's tabs.
  useEffect(() => {
    setOpen(false);
    if (first.current) {
      first.current = false;
      return;
    }
    const at = document.activeElement;
    if (at !== main.current && main.current?.contains(at)) return;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname]);

  function close() {
    setOpen(false);
    burger.current?.focus();
  }

  return (
    <div className={css.frame}>
      <a className={css.skip} href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <aside className={css.side} aria-label="Spillway" onKeyDown={(event) => open && event.key === "Escape" && close()}>
        <div className={css.brand}>
          <Mark />
          <span>Spillway</span>
        </div>
        <ConnectionState />
        <button
          type="button"
          ref={burger}
          className={css.burger}
          aria-expanded={open}
          aria-controls="navigation"
          aria-label={open ? "Close the menu" : "Open the menu"}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
        <div className={css.drawer} id="navigation" data-open={open || undefined}>
          <nav aria-label="Pages">
            {viewer.account && <Entries entries={own} title={isAdmin(viewer) ? "Your account" : undefined} />}
            {isAdmin(viewer) && <Entries entries={admins} title={viewer.account ? "Everyone" : undefined} />}
          </nav>
          <div className={css.foot}>
            <ZoneSwitch />
            <Who />
          </div>
        </div>
      </aside>
      <main id="main" ref={main} tabIndex={-1} className={css.main} data-at={pathname + search}>
        <div className={css.content}>
          <StateNotices />
          <Boundary page={pathname}>{children}</Boundary>
        </div>
      </main>
    </div>
  );
}

function Entries({ entries, title }: { entries: Entry[]; title?: string }) {
  return (
    <>
      {title && <p className={css.section}>{title}</p>}
      <ul className={css.entries}>
        {entries.map(([address, name, icon]) => (
          <li key={address}>
            <NavLink to={address} end={address === "/"}>
              <Icon name={icon} size={19} />
              {name}
            </NavLink>
          </li>
        ))}
      </ul>
    </>
  );
}

function Who() {
  const viewer = useViewer();
  const { signOut } = useSession();
  return (
    <div className={css.person}>
      <div>
        <strong>
          <bdi>{viewer.userId}</bdi>
        </strong>
        <span className="muted">{viewer.account ? <bdi>{viewer.account.name}</bdi> : viewer.roles.map((role) => role.toLowerCase()).join(", ")}</span>
      </div>
      <SchemeSwitch />
      <button type="button" className={css.iconButton} onClick={signOut} aria-label="Sign out" title="Sign out">
        <Icon name="leave" size={19} />
      </button>
    </div>
  );
}
