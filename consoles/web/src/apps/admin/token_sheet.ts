/** What a device's token is handed over with: what to fill in where, ready to paste. Pure. */

import { t } from "../../i18n/i18n";
import type { TokenKind } from "./unit_words";

/** The sheet for a device of a kind that shows a token. `origin` is that of the page, as browsers give it. */
export function tokenSheet(kind: TokenKind, device: string, token: string, origin: string): string {
  switch (kind) {
    case "osmand": {
      const url = `${origin}/ingest/osmand?token=${encodeURIComponent(token)}`;
      // OsmAnd puts its own numbers for {n}. Its {5} is left out: a speed in m/s, where the protocol has knots.
      const live = `${url}&id=${encodeURIComponent(device)}&lat={0}&lon={1}&timestamp={2}&accuracy={3}&altitude={4}&bearing={6}`;
      return t("token_sheet.osmand", { url, live, device, token });
    }
    case "owntracks":
      return t("token_sheet.owntracks", { url: `${origin}/ingest/owntracks`, device, token });
    case "pbx":
      return t("token_sheet.pbx", { url: `${origin}/api/v1/calls`, token });
  }
}

/** Whether an address leads nowhere but to the machine that it is opened on. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
