import "@mantine/core/styles.css";
import "virtual:theme.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";
import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./App";
import { Session } from "./session/Session";
import { theme } from "./theme";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    {/* The variables and classes that Mantine would write into <style> elements come from files: see scripts/theme-css.ts. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <BrowserRouter>
        <Session>
          <App />
        </Session>
      </BrowserRouter>
    </MantineProvider>
  </StrictMode>,
);
