import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** Programs that some tests need beyond npm: where they are installed and their Debian packages. */
const programs = {
  chromium: {
    package: 'chromium',
    places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
    why: 'the browser journeys',
  },
  postgresql: {
    package: 'postgresql-15',
    places: [15, 16, 17, 18].map((major) => `/usr/lib/postgresql/${major}/bin/postgres`),
    why: 'the tests on a PostgreSQL server',
  },
  pgbouncer: {
    package: 'pgbouncer',
    places: ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'],
    why: 'the tests behind a pooler',
  },
} as const

export type Program = keyof typeof programs

/** The path of the program, or undefined. */
export function findProgram(program: Program): string | undefined {
  return programs[program].places.find((place) => fs.existsSync(place))
}

/**
 * Installs missing programs when running as root on a system with apt-get.
 * @returns instructions for what is still missing; empty when everything is installed.
 */
export function installPrograms(wanted: Program[]): string[] {
  const missing = wanted.filter((program) => !findProgram(program))
  if (missing.length === 0) return []
  const packages = missing.map((program) => programs[program].package)
  let aptOutput = ''
  if (process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get')) {
    console.log(`installing ${packages.join(', ')} (apt-get) …`)
    if (missing.includes('postgresql')) preventDefaultCluster()
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args: string[]) =>
      spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], { env, encoding: 'utf8' })
    apt('update')
    const { stdout, stderr, status } = apt('install', '--yes', '--no-install-recommends', ...packages)
    if (status !== 0) aptOutput = `\n${stdout}${stderr}`.trimEnd()
  }
  return missing
    .filter((program) => !findProgram(program))
    .map(
      (program) =>
        `${programs[program].why} need ${programs[program].package}: apt-get install ${programs[program].package}${aptOutput}`,
    )
}

/** Keeps Debian's package from creating and starting a server on port 5432. */
function preventDefaultCluster(): void {
  const file = '/etc/postgresql-common/createcluster.d/portico-tests.conf'
  if (fs.existsSync('/etc/postgresql-common')) return
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, 'create_main_cluster = false\n')
}
