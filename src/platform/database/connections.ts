/**
 * The pool of connections: bounded waiting, statements with or without names, and connections that the availability check
 * can cut when the server has gone silent.
 */
import pg from 'pg'
import type { Availability } from './availability.ts'
import { socketOf } from './batching.ts'
import { asBusy, asOutage, timeoutError } from './errors.ts'
import { HotStatements, prepareStatements, type NamedStatement } from './hot-statements.ts'
import { keepsStatements } from './pooler.ts'

/** Requests that may wait for a connection. At 300 requests a second this is half a second of work. */
const MAX_WAITING = 150
/** A pool that is closed gives its connections this long to say goodbye. */
const GOODBYE_MS = 2_000

export interface PoolSettings extends pg.PoolConfig {
  /** Milliseconds after which a statement without an answer ends its connection. */
  silenceLimitMs: number
  availability?: Availability | undefined
  /** Called once, when statements go without names from now on. */
  onNamelessStatements?(): void
}

export class ConnectionPool extends pg.Pool {
  readonly connections = new Set<Connection>()
  readonly silenceLimitMs: number
  /** When each request that waits for a connection began to wait, oldest first; times of performance.now(). */
  private readonly waiting = new Set<{ since: number }>()
  private readonly availability: Availability | undefined

  constructor({ silenceLimitMs, availability, onNamelessStatements, ...settings }: PoolSettings) {
    const statements: Statements = { named: true, hot: new HotStatements() }
    super({ ...settings, Client: Connection, statements } as unknown as pg.PoolConfig)
    this.silenceLimitMs = silenceLimitMs
    this.availability = availability
    this.on('acquire', (client) => (connectionOf(client).isCheckedOut = true))
    this.on('release', (_error, client) => (connectionOf(client).isCheckedOut = false))
    availability?.watch(this)
    // Awaited before the first use of a connection.
    const onConnect = async (connection: Connection) => {
      this.connections.add(connection)
      connection.once('end', () => this.connections.delete(connection))
      // A connection that dies while it is checked out reports that to its statements.
      connection.on('error', () => {})
      if (availability) connection.on('drain', () => availability.noteAnswer())
      if (!statements.named) return
      if (!(await keepsStatements(connection))) {
        statements.named = false
        onNamelessStatements?.()
      } else if (connection.isDirect) await prepareStatements(connection, statements.hot.list())
    }
    Object.assign(this.options, { onConnect })
  }

  /**
   * Whether a new request would wait too long for a connection: the oldest one has waited for `limitMs`, or too many wait.
   */
  isBusy(limitMs: number): boolean {
    const [oldest] = this.waiting
    if (!oldest) return false
    return this.waiting.size >= MAX_WAITING || performance.now() - oldest.since > limitMs
  }

  /** Opens the connections that are kept when all is quiet, so that requests find them planned and ready. */
  async warmUp(): Promise<void> {
    const opened = await Promise.allSettled(Array.from({ length: this.options.min ?? 1 }, () => this.connect()))
    for (const each of opened) if (each.status === 'fulfilled') each.value.release()
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: (error: Error | undefined, client: pg.PoolClient, done: () => void) => void): void
  override connect(
    callback?: (error: Error | undefined, client: pg.PoolClient, done: () => void) => void,
  ): Promise<pg.PoolClient> | void {
    const checkedOut = this.checkOut()
    if (!callback) return checkedOut
    checkedOut.then(
      (client) => callback(undefined, client, () => client.release()),
      (error: Error) => callback(error, undefined as never, () => {}),
    )
  }

  /** @throws problem busy when it would wait too long, databaseUnavailable while the database does not answer */
  private async checkOut(): Promise<pg.PoolClient> {
    if (this.availability?.isAway) throw asOutage(timeoutError())
    // Twice what new requests are allowed, so that a request that was let in can take its second connection.
    if (this.waiting.size >= 2 * MAX_WAITING) throw asBusy()
    const ticket = { since: performance.now() }
    this.waiting.add(ticket)
    try {
      return await super.connect()
    } catch (error) {
      const isQueueTimeout = (error as Error).message === 'timeout exceeded when trying to connect'
      this.availability?.reportFailure(error as Error)
      throw isQueueTimeout ? asBusy(error) : asOutage(error)
    } finally {
      this.waiting.delete(ticket)
    }
  }

  /** Closes all connections, also those that no longer answer. */
  override async end(): Promise<void> {
    this.availability?.unwatch(this)
    const timer = setTimeout(() => {
      for (const connection of this.connections) connection.cut()
    }, GOODBYE_MS)
    await super.end().finally(() => clearTimeout(timer))
  }
}

const connectionOf = (client: pg.PoolClient) => client as unknown as Connection

/** Shared by the connections of a pool. */
interface Statements {
  named: boolean
  readonly hot: HotStatements
}

interface ConnectionSettings extends pg.ClientConfig {
  statements: Statements
}

/** One connection. It notices whether a statement waits for its answer. */
export class Connection extends pg.Client {
  /** Process of the server, as it said when the connection began. */
  declare readonly processID: number
  isCheckedOut = false
  /** False behind a pooler, whose process numbers are its own. */
  isDirect = true
  /** Looks in a row that found a statement without an answer and no byte since the look before. */
  silentLooks = 0
  private bytesSeen = 0
  private isWaiting = false
  private readonly statements: Readonly<Statements>

  constructor(settings: ConnectionSettings) {
    super(settings)
    this.statements = settings.statements
    // The driver's sign that nothing is left to answer.
    this.on('drain', () => {
      this.isWaiting = false
    })
  }

  // The overloads of the driver take a text, a configuration or a query object.
  override query(query: never, ...rest: never[]): never {
    this.isWaiting = true
    const config = query as string | Partial<NamedStatement>
    if (typeof config === 'string' || config.name === undefined) return super.query(query, ...rest) as never
    if (!this.statements.named) return super.query({ ...config, name: undefined } as never, ...rest) as never
    this.statements.hot.note(config as NamedStatement)
    return super.query(query, ...rest) as never
  }

  /** Notes whether anything has arrived since the last look. */
  look(): void {
    const hasProgress = this.bytesRead !== this.bytesSeen
    this.bytesSeen = this.bytesRead
    this.silentLooks = this.isWaiting && !hasProgress ? this.silentLooks + 1 : 0
  }

  get bytesRead(): number {
    return socketOf(this).bytesRead
  }

  /** Ends the connection without waiting for the server; its statements fail as an outage. */
  cut(): void {
    socketOf(this).destroy(timeoutError())
  }
}
