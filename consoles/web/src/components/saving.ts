/** Hand a file to whoever sits here, as the browser keeps files. */

export function saveFile(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  // The browser has taken it by then; until it has, the address must hold.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
