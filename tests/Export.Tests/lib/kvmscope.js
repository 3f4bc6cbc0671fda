// @ts-check
// Runs kvmscope, and reads what it wrote with programs that are not ours.
import { execFileSync, spawnSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const program = process.env.KVMSCOPE || new URL('../../../out/kvmscope', import.meta.url).pathname;

/** Its output. @param {string} folder where it runs @param {string[]} words */
export const kvmscope = (folder, ...words) =>
    execFileSync(program, words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });

/** Runs it where files have a limit. @param {string} folder where it runs @param {string} line */
export const limited = (folder, line) =>
    spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 4; exec "$0" ${line}`, program], { cwd: folder, encoding: 'utf8' });

/** The answers of a view on a recording. @param {string} folder @param {string[]} words @returns {any} */
export const report = (folder, ...words) => JSON.parse(kvmscope(folder, 'report', ...words, '--format', 'json'));

/** @param {string} folder where its paths are relative to */
export async function duckdb(folder) {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`set file_search_path = '${folder}'; set TimeZone = 'UTC'`);
    return {
        /** @param {string} sql */
        run: (sql) => connection.run(sql),
        /** The rows, each as its values; 64-bit numbers as they are. @param {string} sql @returns {Promise<any[][]>} */
        rows: async (sql) => (await connection.runAndReadAll(sql)).getRowsJS(),
        /** The names of the columns, and the rows as text. @param {string} sql @returns {Promise<string[][]>} */
        text: async (sql) => {
            const answer = await connection.runAndReadAll(sql);
            return [answer.columnNames(), ...answer.getRows().map((row) => row.map((value) => String(value ?? '')))];
        },
    };
}

/** All rows of a file. @param {string} file @returns {Promise<any[]>} */
export const hyparquet = async (file) => parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
