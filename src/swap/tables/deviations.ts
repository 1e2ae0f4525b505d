/** Deviations that several designs have for one reason. */
import type { Deviation } from '../swap-design.ts';

export const KEEPS_CONTINUATION_PAGES: Deviation = {
  what: 'pages of counts beyond 62 stay until swapoff',
  why: 'so does the kernel: free_swap_count_continuations belongs to swapoff alone',
  claim: 'metadata.back-to-start',
};

export const KEEPS_OLDER_ZSWAP_COPY: Deviation = {
  what: 'an older copy in zswap stays beside the zero flag until the entry is freed or stored anew',
  why:
    'swap_writeout sets the flag and returns; who loads looks at the flag first, and a page that ' +
    'was loaded has left no copy',
  claim: 'zero.zswap-copy-freed',
};
