import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent: water. Shade 7 on white and 4 on the dark ground both pass 4.5:1 as text. */
const water: MantineColorsTuple = [
  "#e8f6fb",
  "#d3ebf4",
  "#a6d6e8",
  "#75c0dc",
  "#4dadd1",
  "#2f9cc5",
  "#1786b0",
  "#0b6d92",
  "#085a79",
  "#064961",
];

/** Money alone wears it: what is drawn from paid credits. */
const paid: MantineColorsTuple = [
  "#fdf4e3",
  "#f8e6c6",
  "#f0cd8f",
  "#e8b255",
  "#e29b28",
  "#d98a0f",
  "#b8720a",
  "#8a5407",
  "#724608",
  "#553407",
];

/** Greys with a little water in them, from text to ground. */
const dark: MantineColorsTuple = [
  "#e8eff3",
  "#c3d0d8",
  "#9fb0bb",
  "#73858f",
  "#33424c",
  "#24313a",
  "#1a252c",
  "#131c22",
  "#0d1418",
  "#080d10",
];

export const theme = createTheme({
  colors: { water, paid, dark },
  primaryColor: "water",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.3,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: { fontWeight: "620" },
  respectReducedMotion: true,
  components: {
    // Mantine locks scrolling through an inline <style>, which the Content-Security-Policy forbids; styles/base.css does it.
    Modal: { defaultProps: { lockScroll: false, centered: true, radius: "lg", padding: "lg" } },
    Drawer: { defaultProps: { lockScroll: false, position: "right", padding: "lg" } },
  },
});
