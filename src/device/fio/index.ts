export { parseFio, type FioDocument, type FioJob } from './document.ts';
export { fioJobFile, type FioTarget } from './job-file.ts';
export { jobsWithoutStalls } from './numbers.ts';
export { profileOfFio, type FioProfileOptions } from './profile.ts';
