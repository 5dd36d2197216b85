/** Fields that are typed into: there letters and digits are text, not keys of the page, and Escape leaves. */

export function typedInto(event: Event): HTMLElement | null {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && target.matches("input, textarea, select") ? target : null;
}
