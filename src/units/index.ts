export * from './arrays.ts';
export * from './errors.ts';
export * from './page.ts';
export * from './shell-word.ts';
export * from './size.ts';
export * from './names.ts';
export * from './text.ts';
