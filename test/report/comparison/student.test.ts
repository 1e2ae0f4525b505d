import { describe, expect, it } from 'vitest';
import { incompleteBeta, studentTwoSided } from '../../../src/report/comparison/student.ts';

describe("Student's t distribution", () => {
  // @source NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: critical values of t
  it.each([
    [1, 12.706, 0.05],
    [1, 318.313, 0.002],
    [2, 4.303, 0.05],
    [4, 2.776, 0.05],
    [4, 7.173, 0.002],
    [8, 2.306, 0.05],
    [8, 4.501, 0.002],
    [30, 2.042, 0.05],
    [100, 1.984, 0.05],
    [100, 3.174, 0.002],
  ])('has the published critical value of %i degrees of freedom at %f', (freedom, t, chance) => {
    expect(studentTwoSided(t, freedom) / chance).toBeCloseTo(1, 2);
    expect(studentTwoSided(-t, freedom)).toBe(studentTwoSided(t, freedom));
  });

  it('is that of Cauchy at one degree of freedom, exactly', () => {
    for (const t of [0.01, 0.5, 1, 3, 1e4])
      expect(studentTwoSided(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12);
  });

  it('takes degrees of freedom that are not whole, none and all of it', () => {
    const between = studentTwoSided(2.5, 4.6);
    expect(between).toBeLessThan(studentTwoSided(2.5, 4));
    expect(between).toBeGreaterThan(studentTwoSided(2.5, 5));
    expect(studentTwoSided(0, 4)).toBeCloseTo(1, 12);
    expect(studentTwoSided(Infinity, 4)).toBe(0);
  });
});

describe('the incomplete beta function', () => {
  it('is the sum of binomial probabilities for whole parameters', () => {
    // I_x(a, b) of n = a + b - 1 throws: the chance of a or more successes.
    const chance = (x: number): number => 5 * x ** 4 * (1 - x) + x ** 5;
    for (const x of [0, 0.1, 0.4, 0.9, 1])
      expect(incompleteBeta(x, 4, 2)).toBeCloseTo(chance(x), 12);
  });
});
