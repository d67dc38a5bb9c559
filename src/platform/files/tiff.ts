/** A picture as TIFF without compression: the plainest format in which pixels travel with their color profile. */

const CHANNELS = 3
/** Read and written a strip at a time, so that nobody needs the picture twice in memory. */
const ROWS_PER_STRIP = 64

const SHORT = 3
const LONG = 4
const UNDEFINED = 7
const BYTES_OF = { [SHORT]: 2, [LONG]: 4, [UNDEFINED]: 1 } as const

type Entry = [tag: number, type: keyof typeof BYTES_OF, values: readonly number[] | Uint8Array]

export interface RawPicture {
  width: number
  height: number
  /** Three bytes a pixel, row by row. */
  data: Uint8Array
  /** Bytes from one row to the next in `data`. */
  stride: number
  /** ICC; undefined: sRGB. */
  profile: Uint8Array | undefined
}

export function encodeTiff({ width, height, data, stride, profile }: RawPicture): Uint8Array<ArrayBuffer> {
  const rowBytes = width * CHANNELS
  const strips = Math.ceil(height / ROWS_PER_STRIP)
  const rowsOf = (strip: number) => Math.min(ROWS_PER_STRIP, height - strip * ROWS_PER_STRIP)
  const stripOffsets = (start: number) =>
    Array.from({ length: strips }, (_, strip) => start + strip * ROWS_PER_STRIP * rowBytes)
  const entriesFor = (start: number): Entry[] => [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, [8, 8, 8]],
    [259, SHORT, [1]], // no compression
    [262, SHORT, [2]], // RGB
    [273, LONG, stripOffsets(start)],
    [277, SHORT, [CHANNELS]],
    [278, LONG, [ROWS_PER_STRIP]],
    [279, LONG, Array.from({ length: strips }, (_, strip) => rowsOf(strip) * rowBytes)],
    ...(profile ? [[34675, UNDEFINED, profile] satisfies Entry] : []),
  ]
  // Where pixels start depends on how many entries there are, not on what they say.
  const start = directoryEnd(entriesFor(0))
  const file = new Uint8Array(start + rowBytes * height)
  writeDirectory(new DataView(file.buffer), entriesFor(start))
  for (let y = 0; y < height; y++) file.set(data.subarray(y * stride, y * stride + rowBytes), start + y * rowBytes)
  return file
}

/** Behind the header and the entries: the values that do not fit into an entry's four bytes. */
const DIRECTORY = 8
const valuesStart = (entries: readonly Entry[]) => DIRECTORY + 2 + entries.length * 12 + 4
const sizeOf = ([, type, values]: Entry) => values.length * BYTES_OF[type]
const roomOf = (entry: Entry) => (sizeOf(entry) > 4 ? Math.ceil(sizeOf(entry) / 4) * 4 : 0)
const directoryEnd = (entries: readonly Entry[]) =>
  entries.reduce((end, entry) => end + roomOf(entry), valuesStart(entries))

function writeDirectory(view: DataView, entries: readonly Entry[]): void {
  // "II": the low byte first, everywhere.
  view.setUint16(0, 0x4949, true)
  view.setUint16(2, 42, true)
  view.setUint32(4, DIRECTORY, true)
  view.setUint16(DIRECTORY, entries.length, true)
  let free = valuesStart(entries)
  for (const [index, entry] of entries.entries()) {
    const [tag, type, values] = entry
    const at = DIRECTORY + 2 + index * 12
    view.setUint16(at, tag, true)
    view.setUint16(at + 2, type, true)
    view.setUint32(at + 4, values.length, true)
    const room = roomOf(entry)
    if (room > 0) view.setUint32(at + 8, free, true)
    writeValues(view, room > 0 ? free : at + 8, type, values)
    free += room
  }
}

function writeValues(view: DataView, at: number, type: Entry[1], values: Entry[2]): void {
  for (const [index, value] of values.entries()) {
    if (type === SHORT) view.setUint16(at + index * 2, value, true)
    else if (type === LONG) view.setUint32(at + index * 4, value, true)
    else view.setUint8(at + index, value)
  }
}
