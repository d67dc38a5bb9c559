import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

/** Layout is Prettier's, types are the compiler's; here stands what neither sees. */
export default ts.config(
  {
    ignores: [
      'build/',
      'release/',
      'out/',
      '.svelte-kit/',
      '.portico/',
      'coverage/',
      'db/schema.gen.ts',
      'test/fixtures/',
    ],
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
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
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
    files: ['src/web/**/*.ts', 'src/ui/**/*.ts', 'src/features/**/ui/**/*.ts'],
    languageOptions: { globals: globals.browser },
  },
)
