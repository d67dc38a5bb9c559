/** The only place that reads the time. Everything else is given a Clock, which tests can set. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that changes only when it is set. `advance` takes milliseconds; negative ones set it back. */
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
