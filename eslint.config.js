import svelte from 'eslint-plugin-svelte'
import * as regexp from 'eslint-plugin-regexp'
import globals from 'globals'
import ts from 'typescript-eslint'

/**
 * Files of more than 300 lines, and files with functions of more than 50. Both lists may only shrink: test/sizes.test.ts
 * fails on an entry that is no longer needed. Split by responsibility instead of adding one.
 */
export const LONG_FILES = [
  'bench/dataset.ts',
  'src/platform/delivery/deliverer.test.ts',
  'test/contracts.test.ts',
  'test/demo.test.ts',
]

export const LONG_FUNCTIONS = [
  'bench/dataset.ts',
  'bench/explain.ts',
  'bench/read-calls.ts',
  'src/features/customers/list/queries.ts',
  'src/features/messages/handlers.ts',
  'src/platform/delivery/deliverer.ts',
  'src/platform/execute.ts',
]

/** Cases of a test suite share one callback, so functions are not measured there. */
const TESTS = ['**/*.test.ts', '**/*.e2e.ts', '**/*.fixtures.ts', 'test/**']

/** The layout is checked by Prettier and types by the compiler; these rules find what both cannot. */
export default ts.config(
  {
    ignores: ['build/', 'release/', 'out/', '.svelte-kit/', '.portico/', 'coverage/', '**/*.gen.ts', 'test/fixtures/'],
  },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      'object-shorthand': 'error',
      'no-useless-rename': 'error',
      // Control characters in a pattern are what it refuses.
      'no-control-regex': 'off',
      'require-yield': 'error',
      'no-else-return': 'error',
      'max-statements-per-line': ['error', { max: 1 }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
    },
  },
  {
    // A pattern that backtracks, or that tries every start of a long run, stops the whole process for seconds when
    // somebody sends the right text. test/hostile-text.test.ts counts the work of those that are really used.
    files: ['src/**', 'demo/**', 'db/**', 'tools/**', '*.mjs'],
    ignores: TESTS,
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false, ignoreSticky: false }],
    },
  },
  {
    // A promise nobody awaits is a write nobody knows of. These rules need types, so they run on the server's code only.
    files: ['src/**/*.ts', 'test/**/*.ts', 'db/**/*.ts', 'demo/**/*.ts', 'bench/**/*.ts', 'tools/**/*.ts'],
    ignores: ['src/web/**', 'src/ui/**', 'src/features/**/ui/**'],
    languageOptions: { parserOptions: { project: './tsconfig.server.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false, arguments: false } },
      ],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser } },
    rules: {
      // Links are made by src/paths.ts, which knows about portals; Kit's resolve() does not.
      'svelte/no-navigation-without-resolve': 'off',
      // Knows that what $props() gives is not a constant.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { destructuring: 'all' }],
      // {' '} keeps a space that the formatter would drop.
      'svelte/no-useless-mustaches': 'off',
      // "Runs in a browser" is learnt in an effect, after the server's markup was taken over.
      'svelte/prefer-writable-derived': 'off',
    },
  },
  {
    ignores: LONG_FILES,
    rules: { 'max-lines': ['error', { max: 300, skipBlankLines: false }] },
  },
  {
    files: ['**/*.{ts,js,mjs,svelte}'],
    ignores: [...LONG_FUNCTIONS, ...TESTS],
    rules: { 'max-lines-per-function': ['error', { max: 50, skipComments: true, skipBlankLines: true }] },
  },
  {
    files: ['src/web/**/*.ts', 'src/ui/**/*.ts', 'src/features/**/ui/**/*.ts'],
    languageOptions: { globals: globals.browser },
  },
)
