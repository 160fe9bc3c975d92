import assert from "node:assert/strict";
import { neverWritten } from "../../../ffi/libc/clean_mappings.ts";

interface Told {
  readonly head?: string;
  /** What the kernel tells otherwise; null for what it does not tell. */
  readonly amounts?: Readonly<Record<string, string | null>>;
  readonly more?: readonly string[];
}

/** A mapping as the kernel tells it: of a program's text, never written. */
function told({ head, amounts = {}, more = [] }: Told = {}): string {
  const all = { Size: "64 kB", Rss: "24 kB", Private_Dirty: "0 kB", Anonymous: "0 kB", Swap: "0 kB", Locked: "0 kB" };
  const lines = Object.entries({ ...all, ...amounts }).flatMap(([name, value]) =>
    value === null ? [] : [`${name}:`.padEnd(16) + value.padStart(11)]
  );
  const first = head ?? "55d000001000-55d000011000 r-xp 00001000 fe:00 4711                       /usr/sbin/fwknopd";
  return [first, ...lines, ...more, "THPeligible:           0", "VmFlags: rd ex mr mw me sd", ""].join("\n");
}

const RANGE = { start: 0x55d000001000n, end: 0x55d000011000n };

function headOf(rights: string, path: string, inode = "4711"): string {
  return `55d000001000-55d000011000 ${rights} 00001000 fe:00 ${inode}                       ${path}`;
}

Deno.test("neverWritten() finds text and constants of files, also of names with spaces", () => {
  for (const path of ["/usr/sbin/fwknopd", "/opt/my programs/fwknopd 2", "/tmp/a\\012Swap:  0 kB", "/x (deleted) y"]) {
    for (const rights of ["r-xp", "r--p"]) {
      assert.deepEqual(neverWritten(told({ head: headOf(rights, path) })), [RANGE]);
    }
  }
});

Deno.test("neverWritten() takes a file that is not on the disk yet: dirty is the file, not the mapping", () => {
  assert.deepEqual(neverWritten(told({ amounts: { Private_Dirty: "24 kB" } })), [RANGE]);
});

Deno.test("neverWritten() leaves what was written, or may be, whatever its rights are now", () => {
  for (const name of ["Anonymous", "Swap", "Locked"]) {
    for (const value of ["4 kB", null, "-4 kB", "0 MB", "x kB", "0"]) {
      assert.deepEqual(neverWritten(told({ amounts: { [name]: value } })), [], `${name}: ${value}`);
    }
    assert.deepEqual(
      neverWritten(told({ amounts: { [name]: "4 kB" }, more: [`${name}:  0 kB`] })),
      [],
      `${name} twice`,
    );
  }
  for (const rights of ["rw-p", "rwxp", "r--s", "r-xs", "---p", "-w-p", "r-xpp"]) {
    assert.deepEqual(neverWritten(told({ head: headOf(rights, "/usr/sbin/fwknopd") })), [], rights);
  }
});

Deno.test("neverWritten() leaves what is of no file, of a device, or of a file that is gone", () => {
  for (
    const path of [
      "",
      "[heap]",
      "[vdso]",
      "socket:[1]",
      "/dev/zero",
      "/memfd:x (deleted)",
      "/usr/sbin/fwknopd (deleted)",
    ]
  ) {
    assert.deepEqual(neverWritten(told({ head: headOf("r-xp", path) })), [], path);
  }
  assert.deepEqual(neverWritten(told({ head: headOf("r-xp", "/usr/sbin/fwknopd", "0") })), []);
  assert.deepEqual(neverWritten(told({ amounts: { Rss: "0 kB" } })), []);
});

Deno.test("neverWritten() takes nothing from lines that it cannot read, and nothing of one mapping for another", () => {
  for (
    const head of [
      "55d000011000-55d000001000 r-xp 00001000 fe:00 4711 /usr/sbin/fwknopd",
      "55d000001000-55d000001000 r-xp 00001000 fe:00 4711 /usr/sbin/fwknopd",
      "55d00000100g-55d000011000 r-xp 00001000 fe:00 4711 /usr/sbin/fwknopd",
      "155d00000100000000-255d000011000000000 r-xp 00001000 fe:00 4711 /usr/sbin/fwknopd",
      "55d000001000-55d000011000 r-xp",
      "garbage",
      "",
    ]
  ) assert.deepEqual(neverWritten(told({ head })), [], head);
  assert.deepEqual(neverWritten(""), []);
  // The clean amounts of an unreadable mapping do not count for the one in front of it.
  const bare = headOf("r-xp", "/usr/sbin/fwknopd");
  const unreadable = told({ head: "55d000020000-55d000030000 r-xp" });
  assert.deepEqual(neverWritten(`${bare}\n${unreadable}`), []);
  const heap = told({ head: headOf("rw-p", "[heap]"), amounts: { Anonymous: "64 kB" } });
  assert.deepEqual(neverWritten(`${heap}${told()}${heap}`), [RANGE]);
});
