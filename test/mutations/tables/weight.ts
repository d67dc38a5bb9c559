/** What the browser is sent: the headers of files, and which scripts a page waits for. */
import type { Mutation } from '../mutation.ts'

export const weight: Mutation[] = [
  {
    name: 'files-carry-the-headers-of-documents',
    covers: ['issue 9, 1.18'],
    file: 'src/platform/pages.ts',
    from: 'if (!PART_HEADERS.has(name)) reply.removeHeader(name)',
    to: 'if (!name) reply.removeHeader(name)',
    tests: {
      'test/paths.test.ts': [
        'a script, style or font has the headers of a file alone; what can be opened as a document keeps all',
      ],
    },
  },
  {
    name: 'pictures-lose-the-headers-of-documents',
    covers: ['issue 9, 1.18'],
    file: 'src/platform/pages.ts',
    from: '/\\.(js|css|woff2)$/',
    to: '/\\.(js|css|woff2|svg)$/',
    tests: {
      'test/paths.test.ts': [
        'a script, style or font has the headers of a file alone; what can be opened as a document keeps all',
      ],
    },
  },
  {
    name: 'icons-of-later-parts-stay-empty',
    covers: ['issue 9, 1.18'],
    file: 'src/ui/draw-icon.ts',
    from: 'if (!svg.firstElementChild)',
    to: 'if (svg.firstElementChild)',
    tests: { 'test/e2e/job-changes.e2e.ts': ['draws the icons of a job that is opened beside the list'] },
  },
  {
    name: 'redirects-of-files-lose-their-target',
    covers: ['issue 9, 1.18'],
    file: 'src/platform/pages.ts',
    from: '[200, 206, 304].includes(reply.statusCode)',
    to: 'reply.statusCode < 400',
    tests: { 'test/www-addresses.test.ts': ['leads pages to ours: '] },
  },
]
