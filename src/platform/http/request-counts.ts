/** Requests of each client in the running window, for @fastify/rate-limit. Its own store measures by the wall clock. */

/** More clients than this in one window, and those seen first are counted anew. */
const MOST_CLIENTS = 100_000

/** Counts in windows that start for all clients at once. Steps of the clock neither shorten nor lengthen one. */
export class RequestCounts {
  #counts = new Map<string, number>()
  #start = performance.now()

  incr(client: string, done: (error: null, result: { current: number; ttl: number }) => void, window: number): void {
    const now = performance.now()
    if (now - this.#start >= window) {
      this.#counts.clear()
      this.#start = now
    }
    const current = (this.#counts.get(client) ?? 0) + 1
    if (current === 1 && this.#counts.size >= MOST_CLIENTS) this.#counts.delete(this.#counts.keys().next().value!)
    this.#counts.set(client, current)
    done(null, { current, ttl: window - (now - this.#start) })
  }

  child(): RequestCounts {
    return new RequestCounts()
  }
}
