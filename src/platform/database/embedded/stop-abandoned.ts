/** `node stop-abandoned.ts <data folder> <user file>`: the guard of a killed process stops its server (guard.ts). */
import fs from 'node:fs'
import path from 'node:path'
import { openCluster } from './cluster.ts'
import { otherUsers, withLock } from './lock.ts'
import { stopServer } from './server.ts'

const [folder, userFile] = process.argv.slice(2) as [string, string]
// Opening a cluster creates its folder, which may have been deleted on purpose.
if (fs.existsSync(path.join(folder, 'database/postmaster.pid'))) {
  const cluster = openCluster({ folder })
  await withLock(cluster, async () => {
    // The killed process may not be quite gone.
    fs.rmSync(userFile, { force: true })
    if (otherUsers(cluster).length === 0) await stopServer(cluster)
  })
}
