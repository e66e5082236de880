import "react";

// Custom properties may be set in style; they go through the CSSOM, which the Content-Security-Policy allows.
declare module "react" {
  interface CSSProperties {
    [property: `--${string}`]: string | number | undefined;
  }
}
