import tseslint from 'typescript-eslint';

/** What may not be imported from core/, besides its surroundings: the core knows nothing of the world. */
const outside = ['node:*', 'commander', '@kubernetes/*'];

export default tseslint.config(
  { ignores: ['dist/', 'site/', 'test-artifacts/', 'node_modules/', '**/generated/', 'harness/fixtures/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: [
            'eslint.config.js',
            '.dependency-cruiser.mjs',
            'scripts/bootstrap.mjs',
            'src/cli/entry.cjs',
          ],
        },
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A default says that all others are meant.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'error',
    },
  },
  {
    files: ['src/core/**'],
    rules: {
      // The blocks below say the same for folders inside of core/, from which core/ itself is one step up, or two.
      'no-restricted-imports': ['error', { patterns: [...outside, '../**'] }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes into the core as an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness comes into the core as an argument.' },
      ],
    },
  },
  {
    files: ['src/core/*/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...outside, '../../**'] }] },
  },
  {
    files: ['src/core/*/*/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...outside, '../../../**'] }] },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: 'readonly', URL: 'readonly' } },
  },
  {
    // Any Node that there ever was has to understand it.
    files: ['**/*.cjs'],
    languageOptions: { globals: { require: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
