/**
 * Replaces every occurrence of a byte. It takes time in proportion to the length, for any bytes: `String.replaceAll` takes
 * ten times as long for text that consists of that character.
 */
export function replaceBytes(bytes: Buffer, byte: number, by: Buffer): Buffer {
  // Most text has few occurrences, or none.
  let at = bytes.indexOf(byte)
  if (at < 0) return bytes
  let count = 0
  for (let from = at; from < bytes.length; from += 1) if (bytes[from] === byte) count += 1
  const replaced = Buffer.allocUnsafe(bytes.length + count * (by.length - 1))
  bytes.copy(replaced, 0, 0, at)
  for (let from = at; from < bytes.length; from += 1) {
    const each = bytes[from] ?? 0
    if (each !== byte) {
      replaced[at] = each
      at += 1
    } else for (let of = 0; of < by.length; of += 1, at += 1) replaced[at] = by[of] ?? 0
  }
  return replaced
}
