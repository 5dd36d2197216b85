/** Tabs of a page by its address, `#search/plate=湘F12345`; what follows the tab's name is that tab's own. */

export function hashOf(tab: string, detail = ""): string {
  return detail === "" ? `#${tab}` : `#${tab}/${detail}`;
}

/** Go to a tab as a link would, so that the browser's way back works. */
export function goTo(tab: string, detail = ""): void {
  location.hash = hashOf(tab, detail);
}

/** The tab and its detail that an address names; the first of `tabs` where it names none of them, empty where there are none. */
export function whereIs<T extends string>(hash: string, tabs: readonly T[]): { readonly tab: T | ""; readonly detail: string } {
  const [name = "", ...rest] = hash.replace(/^#/, "").split("/");
  const tab = tabs.find((each) => each === name);
  if (tab === undefined) return { tab: tabs[0] ?? "", detail: "" };
  return { tab, detail: decoded(rest.join("/")) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
