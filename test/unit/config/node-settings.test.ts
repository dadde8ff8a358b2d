import { describe, expect, it } from 'vitest';
import { machineName, nodeSettings, resolveSelf, takeoverAfterMs } from '../../../src/config/node-settings.ts';
import { configOf, contractText, minimalText } from './sample.ts';

describe('what holds for one node', () => {
  const config = configOf(contractText);

  it('is what the pool says, where the node says nothing', () => {
    const settings = nodeSettings(config, 'webbox1');
    expect(settings).toEqual({
      name: 'webbox1',
      vcenter: config.vcenter,
      image: config.image,
      vm: config.vm,
      ssh: config.ssh,
      checks: config.checks,
    });
  });

  it('is the pool with the node put over it, key by key', () => {
    const { vcenter, image, checks } = nodeSettings(config, 'webbox5');
    expect(vcenter).toEqual({ ...config.vcenter, datastore: 'ssd2' });
    expect(image).toEqual({ ...config.image, properties: { motd: 'x{{ y }}' } });
    expect(checks['web']).toEqual({ ...config.checks['web'], interval: 5000 });
    expect(checks['ping']).toBeUndefined();
    expect(checks['db']).toMatchObject({ type: 'tcp', port: 5432, failures: 3 });
    expect(checks['sync']).toEqual(config.checks['sync']);
  });

  it('leaves the pool’s cluster when the node names an ESXi host', () => {
    const own = configOf(minimalText.replace('web1,', '{name: web1, vcenter: {esxi_hostname: esx7}},'));
    expect(nodeSettings(own, 'web1').vcenter).toMatchObject({ esxi_hostname: 'esx7', cluster: null });
    expect(nodeSettings(own, 'web2').vcenter).toMatchObject({ esxi_hostname: null, cluster: 'c1' });
  });

  it('is a fault for a node that the pool has not, with the name that was meant', () => {
    expect(() => nodeSettings(config, 'webbox')).toThrow(
      expect.objectContaining({ code: 'NODE_UNKNOWN', remedy: 'did you mean webbox1?' }),
    );
  });
});

describe('the own node', () => {
  it('is found by the host name, with or without domain, in any case', () => {
    const config = configOf(minimalText);
    expect(resolveSelf(config, 'WEB2.example.org')).toBe('web2');
    expect(resolveSelf(config, 'admin')).toBeNull();
    expect(machineName('admin.example.org')).toBe('admin');
    expect(machineName('')).toBe('localhost');
  });

  it('is what the configuration says, or none', () => {
    expect(resolveSelf(configOf(`${minimalText}self: web3`), 'web2')).toBe('web3');
    expect(resolveSelf(configOf(`${minimalText}self: none`), 'web2')).toBeNull();
  });
});

describe('the time before another controller takes over', () => {
  it('is longer than the run’s deadline, the upload lease and the slowest operation together take', () => {
    const config = configOf(`${minimalText}remediation: {deadline: 10s, upload_lease: 2s, slowest_operation: 1500ms}`);
    expect(takeoverAfterMs(config)).toBe(13_500);
  });
});
