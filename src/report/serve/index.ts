export { livePage, liveParts, LIVE_INTERVALS_MAX, LIVE_PHASES_MAX } from './live-page.ts';
export { messagePage } from './message-page.ts';
export type { MessageInput } from './message-page.ts';
export { runListPage } from './run-list.ts';
export type { ListedRun, ListFilter, RunListInput } from './run-list.ts';
export type { ServedPage } from '../page/shell.ts';
