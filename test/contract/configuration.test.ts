import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { ConfigError, readConfig, SETTINGS } from '../../src/config/settings.ts';

test('docs/configuration.md is made from the settings', async () => {
  expect(await readFile('docs/configuration.md', 'utf8')).toBe(configurationPage());
});

test('every default is a value its own setting accepts', () => {
  const config = readConfig({});

  expect(Object.keys(config)).toEqual(Object.keys(SETTINGS));
  expect(config.port).toBe(4000);
  expect(config.xapiHeaderlessVersion).toBe('1.0.3');
});

test.each([
  ['PORT', '70000', 'PORT is "70000"; expected a whole number from 0 to 65535'],
  ['PORT', 'http', 'PORT is "http"; expected a whole number from 0 to 65535'],
  ['NODE_ENV', 'staging', 'NODE_ENV is "staging"; expected one of development, test, production'],
  ['XAPI_HEADERLESS_VERSION', '1.1', 'XAPI_HEADERLESS_VERSION is "1.1"; expected one of 1.0.3, 2.0.0'],
  ['PUBLIC_URL', 'medan', 'PUBLIC_URL is "medan"; expected an absolute URL'],
  ['DEMO', 'yes', 'DEMO is "yes"; expected one of true, false'],
])('%s=%s is refused with the setting, the value and what is expected', (name, value, message) => {
  expect(() => readConfig({ [name]: value })).toThrow(new ConfigError(message));
});

test('packages are delivered from another host than the application, or the server does not start', () => {
  const sites = (PUBLIC_URL: string, CONTENT_URL: string) => () => readConfig({ PUBLIC_URL, CONTENT_URL }).contentUrl;

  expect(sites('https://lms.example', 'https://content.example')()).toBe('https://content.example');
  expect(sites('https://lms.example', 'https://lms.example:8443')).toThrow(ConfigError);
  expect(sites('', 'http://127.0.0.1:4001')).toThrow(ConfigError);
  expect(sites('https://lms.example', 'https://*.content.example')()).toBe('https://*.content.example');
  expect(sites('https://lms.city.example', 'https://*.city.example')).toThrow(ConfigError);
});
