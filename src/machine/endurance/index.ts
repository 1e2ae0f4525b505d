export * from './driver.ts';
export * from './going-on.ts';
export * from './figures.ts';
export * from './performer.ts';
export * from './settings.ts';
