/** Which drawing of a code fits a window: half blocks, which every font has, else sextants where the terminal has them. */
import { type DrawnCode, drawQrCode, HALF_BLOCKS, SEXTANTS } from "./qr.ts";

/** Characters and lines of a window. */
export interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** The code, or why it cannot be shown and what to do. */
export type Fitted =
  | { readonly ok: true; readonly code: DrawnCode }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/** Draws the code of the URI for this window; null is one without bounds. */
export function fitCode(uri: string, window: Window | null, options: { readonly sextants: boolean }): Fitted {
  const usual = drawQrCode(uri, HALF_BLOCKS);
  if (usual === null) {
    return {
      ok: false,
      message: "Cannot show a QR code: none is large enough for this enrolment",
      hint: "use the URI",
    };
  }
  if (window === null || fits(usual, uri, window)) return { ok: true, code: usual };
  const finer = options.sextants ? drawQrCode(uri, SEXTANTS) : null;
  if (finer !== null && fits(finer, uri, window)) return { ok: true, code: finer };
  const needed = finer ?? usual;
  return {
    ok: false,
    message: `Cannot show the QR code: it needs ${needed.columns} columns and ${rowsOf(needed, uri, window)} rows, ` +
      `the window has ${window.columns} and ${window.rows}`,
    hint: "enlarge the window or make its letters smaller, use the URI, or add --force-qr",
  };
}

function fits(code: DrawnCode, uri: string, window: Window): boolean {
  return code.columns <= window.columns && rowsOf(code, uri, window) <= window.rows;
}

/** The URI and the prompt stand below the code and would push its top out of the window. */
function rowsOf(code: DrawnCode, uri: string, window: Window): number {
  return code.lines.length + Math.ceil(uri.length / window.columns) + 1;
}

/** VTE draws sextants itself from 0.62 on. */
const VTE_WITH_SEXTANTS = 6200;

/** Whether this terminal is one that draws sextants itself, whatever its font has. */
export function hasSextants(env: (name: string) => string | undefined): boolean {
  return Number(env("VTE_VERSION") ?? 0) >= VTE_WITH_SEXTANTS ||
    /^(?:xterm-kitty|xterm-ghostty|foot(?:-.*)?|wezterm|contour)$/.test(env("TERM") ?? "") ||
    env("TERM_PROGRAM") === "WezTerm";
}
