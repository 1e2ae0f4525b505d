import tseslint from 'typescript-eslint';

const clockAndChance = [
  { object: 'Date', property: 'now', message: 'Virtual time comes from the engine.' },
  { object: 'performance', property: 'now', message: 'Virtual time comes from the engine.' },
  { object: 'Math', property: 'random', message: 'Use a seeded stream of the engine.' },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', 'scripts/*.cjs', '*.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Table modules index typed arrays within bounds that they assert themselves.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
      '@typescript-eslint/prefer-literal-enum-member': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: 'Throw one of the error classes of src/units.',
        },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', ...clockAndChance],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: 'Throw one of the error classes of src/units.',
        },
        {
          selector: 'Program > VariableDeclaration[kind="let"]',
          message: 'No module-level mutable state.',
        },
        {
          selector: 'Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
          message: 'No module-level mutable state.',
        },
      ],
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
    },
  },
  {
    // The machine and the run store are where wall time may be read.
    files: ['src/machine/**/*.ts', 'src/runs/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', ...clockAndChance.slice(2)] },
  },
  {
    files: ['test/**/*.ts', '*.config.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
