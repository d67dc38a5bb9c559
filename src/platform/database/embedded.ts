/**
 * A real PostgreSQL for an installation that brings none: started, adopted, watched and stopped by the application itself.
 *
 * Everything lives in one folder:
 *   database/          the cluster, owned by the account that runs the server, mode 0700
 *   socket/            the Unix socket, same owner and mode (elsewhere when the path would be too long for a socket)
 *   database.log       the server's log
 *   database.lock      held while a process starts or stops the server; the kernel releases it when that process dies
 *   database.users/    one file for each process that uses the server, so that the last one to leave stops it
 *
 * Authentication is `trust` on the socket and nothing listens on the network. That is safe because both the socket's
 * folder and the cluster are 0700: the only accounts that can reach the socket are the one that owns the files, which
 * could rewrite the access rules anyway, and root. The application runs as one of the two. Passwords on the socket would
 * have to lie in a file that exactly these two can read, and so would add nothing.
 */
import { startGuard } from './embedded/guard.ts'
import { openCluster, SUPERUSER, type Cluster, type EmbeddedOptions } from './embedded/cluster.ts'
import { otherUsers, registerUser, unregisterUser, withLock } from './embedded/lock.ts'
import { adoptOrStart, isServerOf, stopServer } from './embedded/server.ts'

/** A running server. `host` is a socket folder, as `pg` takes it. */
export interface EmbeddedServer {
  readonly host: string
  readonly port: number
  /** The bootstrap superuser: for creating roles and databases, never for requests. */
  readonly user: string
  /** True when the server was already running, e.g. because the process before this one was killed. */
  readonly adopted: boolean
  /** The server's process now; changes when the server had to be started again. */
  readonly pid: number
  /** Stops the server, unless another live process still uses it. Safe to call twice. */
  stop(): Promise<void>
}

const WATCH_INTERVAL_MS = 500
/** After a restart failed, the next one waits this long. */
const RETRY_AFTER_MS = 5_000

/**
 * Starts the server of `folder`, or adopts the one that already runs there; never starts a second. While the returned
 * object is in use the server is watched, and started again should it die. Should this process be killed, the server stops.
 * @throws Error with the server's own last lines when it does not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const cluster = openCluster(options)
  const endGuard = startGuard(cluster)
  let running = await withLock(cluster, async () => {
    const server = await adoptOrStart(cluster)
    registerUser(cluster)
    return server
  }).catch((error: unknown) => {
    endGuard()
    throw error
  })
  const { adopted, host, port } = running
  let stopped: Promise<void> | undefined
  let restarting: Promise<void> | undefined
  let notBefore = 0

  const watch = setInterval(() => {
    const mustWait = restarting !== undefined || performance.now() < notBefore
    if (mustWait || isServerOf(cluster, running.pid)) return
    restarting = restart().finally(() => (restarting = undefined))
  }, WATCH_INTERVAL_MS)
  watch.unref()

  async function restart(): Promise<void> {
    try {
      const before = running.pid
      running = await withLock(cluster, () => adoptOrStart(cluster))
      if (running.pid !== before) cluster.log(`the database had stopped (process ${before}) and runs again`)
    } catch (error) {
      notBefore = performance.now() + RETRY_AFTER_MS
      const reason = error instanceof Error ? error.message : String(error)
      cluster.log(`the database has stopped and does not start: ${reason}`)
    }
  }

  async function stop(): Promise<void> {
    clearInterval(watch)
    await restarting
    await withLock(cluster, () => leave(cluster))
    endGuard()
  }

  return {
    host,
    port,
    user: SUPERUSER,
    adopted,
    get pid() {
      return running.pid
    },
    stop: () => (stopped ??= stop()),
  }
}

/** Stops the server, unless other processes still use it. */
async function leave(cluster: Cluster): Promise<void> {
  unregisterUser(cluster)
  const others = otherUsers(cluster)
  if (others.length > 0) cluster.log(`the database keeps running for process ${others.join(', ')}`)
  else await stopServer(cluster)
}
