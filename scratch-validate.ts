import { readFileSync } from 'node:fs';
import { MemoryDevice, NullDevice } from './src/device/index.ts';
import { Machine, parseSpec } from './src/machine/index.ts';
import { parseCapture } from './src/machine/capture.ts';
import { compareWithCapture, scoreOf } from './src/machine/agreement.ts';
import { parseTrace, TraceWorkload } from './src/workload/index.ts';
let M=0,MO=0,G=0,GO=0;
for (const file of process.argv.slice(2)) {
  const c = parseCapture(JSON.parse(readFileSync(file,'utf8')), file);
  const trace = c.trace.join('\n')+'\n';
  const z = c.zswap;
  const spec = parseSpec({ payload: 'none', machine: { memory: c.limitMiB*1048576, ram: (z?.memTotalKiB ?? 24684092)*1024, pageCluster: c.pageCluster, reserved: 90*4096 },
    zswap: z===null?{enabled:false}:{enabled:true, compressor:'deflate', maxPoolPercent:z.maxPoolPercent, writebackBatch:'kernel'}, workload:{trace} }, file);
  const pages = c.swapMiB*256;
  const area = { type:0, name:'a', kind: c.backend==='file'?'file' as const:'partition' as const, maxPages:pages, badPages:[], priority:-2, profile: c.backend==='file'?'hdd':c.backend==='zram'?'zram':'nvme', device:new NullDevice({name:'a',sizeBytes:pages*4096}), problem:()=>null };
  const m = new Machine(spec,[area],new TraceWorkload(parseTrace(trace,file),{file:null}));
  const r = await m.run();
  const rep = r.phases.map(p=>({counters:p.counters as Record<string,number>,swapped:p.swapped,zswap:p.zswap,zram:null}));
  const ph = compareWithCapture(c,rep); const s=scoreOf(ph); M+=s.mattering;MO+=s.matteringOk;G+=s.gating;GO+=s.gatingOk;
  console.log(file.split('/').pop(), `${s.matteringOk}/${s.mattering} ${s.gatingOk}/${s.gating} slotRuns ${r.slotRuns} kernel ${c.runs.map(x=>x.slotRuns)}`);
  if (process.env['ALL']) for (const p of r.phases) console.log('   ', p.op, JSON.stringify(Object.fromEntries(Object.entries(p.counters).filter(([k])=>/^(pg|psw|zsw|swap_ra|workin)/.test(k)))), p.present, p.swapped);
  for (const p of ph) for (const cell of p.cells) if (cell.gating && !cell.ok) console.log('   ',p.op.padEnd(40), cell.name.padEnd(14), cell.kernel.join(' '), 'ours', cell.swaplab, cell.matters?'*':'');
}
console.log('TOTAL', MO,M, GO,G);
