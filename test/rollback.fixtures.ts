/** Keeps the database unchanged while a test calls operations that write. */
import type pg from 'pg'
import type { TestServer } from './test-server.ts'

/** Rolls back every transaction of the app while the app believes that it committed. Returns a function that ends this. */
export function neverCommit({ app }: TestServer): () => void {
  const { pools, files } = app
  const deleteFile = files.delete
  // Files are deleted after a commit, which does not happen here.
  files.delete = async () => {}
  const connect = pools.app.connect.bind(pools.app)
  const patched = new WeakSet<object>()
  pools.app.connect = (async (callback?: never) => {
    // With a callback it is a single query outside a transaction: there is nothing to roll back.
    if (callback) return (connect as (callback: never) => void)(callback)
    const client = await connect()
    if (!patched.has(client)) {
      patched.add(client)
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
      client.query = ((...args: unknown[]) =>
        args[0] === 'commit' && neverCommit.on
          ? query('rollback').then((result) => ({ ...result, command: 'COMMIT' }))
          : query(...args)) as never
    }
    return client
  }) as never
  neverCommit.on = true
  return () => {
    neverCommit.on = false
    files.delete = deleteFile
  }
}
neverCommit.on = false
