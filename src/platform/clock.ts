/** The only place that asks the time. Everything else is handed a Clock, so that tests can turn it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that stands still until turned. `advance` takes milliseconds (negative turns it back). */
export interface TestClock extends Clock {
  advance(ms: number): void
  set(moment: Date | string): void
}

export function createTestClock(start: Date | string = '2026-03-02T09:00:00Z'): TestClock {
  let at = moment(start)
  return {
    now: () => new Date(at),
    advance: (ms) => {
      at += ms
    },
    set: (to) => {
      at = moment(to)
    },
  }
}

function moment(of: Date | string): number {
  const ms = new Date(of).getTime()
  if (Number.isNaN(ms)) throw new TypeError(`Not a moment: ${String(of)}`)
  return ms
}
