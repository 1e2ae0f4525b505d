export * from './closed-form.ts';
export * from './drive.ts';
export * from './endurance-classes.ts';
export * from './flash-translation.ts';
export * from './flash-wear.ts';
