import fs from 'node:fs'
import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { minify } from 'terser'
import { defineConfig, type Plugin } from 'vite'
import { pageForms } from './tools/page-forms.ts'

/** Kit's route announcer carries one style attribute; this is its hash. The browser journeys fail on a violation. */
const announcer = 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='

/** What every office page runs on. Kit's entry must stay apart ("Could not find the client runtime chunk"). */
const runtime =
  /node_modules[\\/](svelte|@sveltejs[\\/]kit(?![\\/]src[\\/]runtime[\\/](client[\\/]entry|app[\\/]forms))|esm-env|clsx|devalue)[\\/]|vite[\\/]|\0/

/** What office pages share. Portal pages ship no such script: their layouts and the auth pages stay out. */
const officeParts =
  /src[\\/](?!ui[\\/](Portal|Auth|icons))(ui[\\/]|paths\.ts|web[\\/]\w+\.ts)|jobs[\\/](rules|office[\\/]ui[\\/]job-text)\.ts/

/** What of it only forms need; a list loads without them. */
const formParts =
  /kit[\\/]src[\\/]runtime[\\/]app[\\/]forms|src[\\/]ui[\\/](BackLink|BulkBar|Button|Choices|ContactLine|CopyField|SessionEnded|contact-links|Combobox|Dialog|Field|FormErrors|HiddenUsername|ListRows|Panel|PasswordInput|SegmentedControl|ShortcutsDialog|Timeline|clear-fields|device|duration|field-id|forms|keep-form|time-zone|unsaved-changes)\b/

/**
 * The scripts that are loaded along with one of a page. Every page has the group `office` and the bundler's runtime: where no
 * third is needed, none is named. Browsers run no script of a page without client-side rendering, but its name is in the
 * table of pages that each office page loads.
 */
function neededScripts(script: string, scripts: string[]): string[] {
  const others = scripts.filter((each) => each !== script)
  return others.length > 2 && !isAside(script) ? others : []
}

/** Pages of the portal, which the office never opens, and office pages that are one step aside. */
const ASIDE = /\/routes\/p\/|\/(?:access|held|imports?|links|merge|move|settings|view-as)\//

function isAside(script: string): boolean {
  const number = /nodes\/(\d+)\./.exec(script)?.[1]
  if (number === undefined) return false
  return ASIDE.test(fs.readFileSync(`.svelte-kit/generated/build/client/nodes/${number}.js`, 'utf8'))
}

/** A second minifier after the built-in one: 0.7 KB less of the office's list (decision 10). Alone it would be 3 KB more. */
const minifyAgain: Plugin = {
  name: 'minify-again',
  applyToEnvironment: ({ name }) => name === 'client',
  generateBundle: {
    order: 'post',
    async handler(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const { code } = await minify(chunk.code, { module: true, ecma: 2020, compress: { passes: 3 } })
        chunk.code = code!
      }
    },
  },
}

export default defineConfig({
  plugins: [
    minifyAgain,
    sveltekit({
      // All sheets but the large common one: each request more is a connection more, a round trip before anything is seen.
      inlineStyleThreshold: 4096,
      adapter: adapter({ out: 'build', precompress: true }),
      files: { src: 'src/web', assets: 'src/web/static' },
      // Absolute asset addresses: a portal page may sit at /jobs or at /p/harbour/jobs, and an error page anywhere.
      paths: { relative: false },
      // Pages carry nonces, never 'unsafe-inline'. The brand's one inline style gets its hash in hooks.server.ts.
      csp: {
        mode: 'nonce',
        directives: {
          'default-src': ['none'],
          'script-src': ['self'],
          'style-src': ['self'],
          'style-src-attr': ['unsafe-hashes', announcer],
          'img-src': ['self', 'data:', 'blob:'],
          'frame-src': ['self'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'manifest-src': ['self'],
          'form-action': ['self'],
          'frame-ancestors': ['none'],
          'base-uri': ['none'],
        },
      },
      preprocess: [pageForms],
      compilerOptions: { runes: ({ filename }) => (filename.includes('node_modules') ? undefined : true) },
    }),
  ],
  // A release has none of these packages: the pages' server code contains what it imports, `dependencies` or not.
  ssr: { noExternal: [/./] },
  // A font or picture inlined as data: would need a hole in the policy and is never cached.
  build: { assetsInlineLimit: 0 },
  environments: {
    client: {
      build: {
        modulePreload: { resolveDependencies: neededScripts },
        rolldownOptions: {
          output: {
            codeSplitting: {
              // One file that every office page needs, instead of twenty: it is smaller than its parts, and one answer.
              groups: [
                // Before the group that would take it along: Icon.svelte needs it on the server alone.
                { name: 'icons', test: /src[\\/]ui[\\/]icons\.ts/ },
                { name: 'office', test: (id) => runtime.test(id) || (officeParts.test(id) && !formParts.test(id)) },
                { name: 'forms', minShareCount: 2, test: formParts },
              ],
            },
          },
        },
      },
    },
  },
})
