/** The portal's few icons, drawn on a grid of 24 with one stroke, so that no icon package is loaded. */
const paths = {
  overview: "M4 5h5v5h5v5h6 M4 19h16",
  history: "M12 8v4l3 2 M3.5 12a8.5 8.5 0 1 0 2.6-6.1 M3.5 4v4h4",
  credits: "M12 5c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3z M4 8v8c0 1.7 3.6 3 8 3s8-1.3 8-3V8 M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  check: "M9.1 9a3 3 0 1 1 4.6 2.6c-1 .6-1.7 1.2-1.7 2.4 M12 17.5v.01 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  accounts:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M3 20c0-3.3 2.7-6 6-6s6 2.7 6 6 M16 4.5a3.5 3.5 0 0 1 0 6.3 M18 14.4c1.8.9 3 2.9 3 5.6",
  plans: "M4 6h16 M4 12h10 M4 18h6 M18 10v8 M15 15l3 3 3-3",
  live: "M3 12h4l3-8 4 16 3-8h4",
  proof: "M12 3l8 3v6c0 4.6-3.4 7.9-8 9-4.600-1.100-8-4.400-8-9V6z M8.500 12l2.500 2.500 4.500-5",
  anomalies: "M12 4l9 16H3z M12 10v4 M12 17v.01",
  audit: "M7 3h8l4 4v14H7z M14 3v5h5 M10 12h6 M10 16h6",
  alert: "M12 8v5 M12 16v.01 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  info: "M12 11v5 M12 8v.01 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  coin: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M14.500 9.200A3.500 3.500 0 1 0 14.500 14.800",
  drop: "M12 3.500c3 3.500 6 6.800 6 10.500a6 6 0 0 1-12 0c0-3.700 3-7 6-10.500z",
  gauge: "M4 17a8.500 8.500 0 1 1 16 0 M12 14l4-5",
  gift: "M4 11h16v9H4z M3 7h18v4H3z M12 7v13 M12 7c-2-4-6-3-5 0 M12 7c2-4 6-3 5 0",
  calendar: "M4 6h16v14H4z M4 10h16 M8 3v4 M16 3v4",
  contract: "M6 3h9l4 4v14H6z M9 13h7 M9 17h4 M9 9h3",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 2.500v2 M12 19.500v2 M2.500 12h2 M19.500 12h2 M5.300 5.300l1.400 1.400 M17.300 17.300l1.400 1.400 M18.700 5.300l-1.400 1.400 M6.700 17.300l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  leave: "M14 4h5v16h-5 M10 8l-4 4 4 4 M6 12h9",
  menu: "M4 7h16 M4 12h16 M4 17h16",
  close: "M6 6l12 12 M18 6L6 18",
  up: "M12 19V5 M6 11l6-6 6 6",
  down: "M12 5v14 M6 13l6 6 6-6",
  right: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  grip: "M9 6v.01 M15 6v.01 M9 12v.01 M15 12v.01 M9 18v.01 M15 18v.01",
  plus: "M12 5v14 M5 12h14",
  trash: "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13",
  tick: "M5 12.500l4.500 4.500L19 7",
  download: "M12 4v11 M7 11l5 5 5-5 M4 20h16",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "grip" ? 2.6 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: "none" }}
    >
      <path d={paths[name]} />
    </svg>
  );
}
