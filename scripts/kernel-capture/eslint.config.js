/** Plain modules that run without a build: no types, so none of the project's rules about them. */
export default [
  { ignores: ['build'] },
  {
    rules: {
      'no-unused-vars': ['error', { varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-unreachable': 'error',
      'no-redeclare': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
];
