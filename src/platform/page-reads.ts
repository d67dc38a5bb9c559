/**
 * The transaction that the reads of one page share: its begin, the look-up of the caller and its commit are sent once for all
 * of them, and a page waits for the database once.
 */
import type { ResolvedCaller } from './caller.ts'
import type { Transaction } from './database/transaction.ts'

interface SharedTransaction {
  transaction: Transaction
  lookup: Promise<ResolvedCaller>
}
type Read<T> = (shared: SharedTransaction) => Promise<T>

interface OpenReads {
  opening: PromiseWithResolvers<SharedTransaction>
  ended: PromiseWithResolvers<void>
  running: number
}

export class PageReads {
  private current: OpenReads | undefined

  /** Whether a read is running that others can join. */
  get isOpen(): boolean {
    return this.current !== undefined
  }

  /**
   * Runs the first read in the transaction that `begin` makes. Its result waits for those that joined it, because the
   * transaction ends with them.
   */
  async open<T>(begin: (work: Read<T>) => Promise<T>, read: Read<T>): Promise<T> {
    const reads: OpenReads = { opening: Promise.withResolvers(), ended: Promise.withResolvers(), running: 1 }
    reads.opening.promise.catch(() => {})
    this.current = reads
    try {
      return await begin(async (shared) => {
        reads.opening.resolve(shared)
        try {
          return await read(shared)
        } finally {
          this.leave(reads)
          await reads.ended.promise
        }
      })
    } catch (error) {
      // Without a connection nothing was opened, and those that wait for it fail alike.
      reads.opening.reject(error)
      if (this.current === reads) this.current = undefined
      throw error
    }
  }

  /** Runs another read in the transaction that is open or being opened. */
  async join<T>(read: Read<T>): Promise<T> {
    const reads = this.current!
    reads.running++
    try {
      return await read(await reads.opening.promise)
    } finally {
      this.leave(reads)
    }
  }

  private leave(reads: OpenReads): void {
    if (--reads.running > 0) return
    if (this.current === reads) this.current = undefined
    reads.ended.resolve()
  }
}
