export { reportPage, servedReport } from './report-page.ts';
export type { PlotLibrary, ReportInput } from './report-page.ts';
