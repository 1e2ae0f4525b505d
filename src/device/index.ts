export * from './block-device.ts';
export * from './device-profile.ts';
export * from './file-device.ts';
export * from './latency-device.ts';
export * from './memory-device.ts';
export * from './null-device.ts';
export * from './profiles.ts';
export * from './zram/index.ts';
