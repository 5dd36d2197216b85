/** Cameras that send their pictures themselves (WHIP): what the phone or encoder has to be told, once. No page element here. */

import { t } from "../../i18n/i18n";
import type { Api } from "../../sync/api";

/** As the hub tells it: the path is at this hub, the key it never tells again. */
export interface Publishing {
  readonly path: string;
  readonly key: string;
}

export async function publishers(api: Api): Promise<ReadonlySet<string>> {
  return new Set((await api.get<{ readonly cameras: readonly string[] }>("/api/v1/cameras/publishing")).cameras);
}

/** A new key; the one before is void. */
export function newKey(api: Api, camera: string): Promise<Publishing> {
  return api.post<Publishing>(`/api/v1/cameras/${encodeURIComponent(camera)}/publishing`, {});
}

/** Plain text for a message or a sheet of paper: whoever sets up the encoder needs nothing else. */
export function publishingText(name: string, { path, key }: Publishing, origin: string): string {
  return [t("publish.text_name", { name }), t("publish.text_address", { address: `${origin}${path}` }), t("publish.text_key", { key }), t("publish.text_how")].join("\n");
}
