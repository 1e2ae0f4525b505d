export * from './active-areas.ts';
export * from './header.ts';
export { humanSize } from './human-size.ts';
export * from './make-area.ts';
export * from './open-area.ts';
export * from './swapon-check.ts';
export { formatUuid, parseUuid, uuidText } from './uuid.ts';
