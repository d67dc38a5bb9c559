/** A queue for work that needs much processor time or memory: some at a time, some waiting, the rest is refused. */
import { jitteredSeconds } from './problem.ts'

/** Thrown when a queue is full: answer 503 with Retry-After. */
export class Overloaded extends Error {
  /** Seconds. */
  readonly retryAfter: number
  constructor(retryAfter: number) {
    super('Too much of this work at once')
    this.name = 'Overloaded'
    this.retryAfter = retryAfter
  }
}

/** Runs `concurrency` at a time and lets `waiting` more wait. @throws Overloaded for the rest */
export function createBoundedQueue({ concurrency, waiting }: { concurrency: number; waiting: number }) {
  let running = 0
  const queue: (() => void)[] = []
  return async function enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (queue.length >= waiting) throw new Overloaded(jitteredSeconds())
      await new Promise<void>((go) => queue.push(go))
    } else running += 1
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else running -= 1
    }
  }
}
