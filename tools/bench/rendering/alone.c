/* libtiff's group-4 encoder alone: codes ready bitmaps into memory.
 *
 * usage: alone BITMAPS ROUNDS
 * BITMAPS holds pages of 2287 rows of 216 bytes. Prints the CPU milliseconds a page and the libtiff.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tiffio.h>

#define ROWS 2287
#define PAGE (ROWS * 216)
#define FILE_MAX (8 << 20)

static char file[FILE_MAX];
static toff_t size, place;

static tmsize_t read_file(thandle_t h, void *to, tmsize_t n)
{
    (void) h;
    if (place + n > size)
        n = size - place;
    memcpy(to, file + place, n);
    place += n;
    return n;
}

static tmsize_t write_file(thandle_t h, void *from, tmsize_t n)
{
    (void) h;
    if (place + n > FILE_MAX)
        return 0;
    memcpy(file + place, from, n);
    place += n;
    if (place > size)
        size = place;
    return n;
}

static toff_t seek_file(thandle_t h, toff_t to, int whence)
{
    (void) h;
    return place = whence == SEEK_SET ? to : whence == SEEK_CUR ? place + to : size + to;
}

static int close_file(thandle_t h) { (void) h; return 0; }
static toff_t size_file(thandle_t h) { (void) h; return size; }

static void encode(char *bitmap)
{
    TIFF *tiff;

    size = place = 0;
    tiff = TIFFClientOpen("page", "w", NULL, read_file, write_file, seek_file, close_file, size_file, NULL, NULL);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 1728);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, ROWS);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, ROWS);
    if (TIFFWriteEncodedStrip(tiff, 0, bitmap, PAGE) != PAGE)
        exit(1);
    TIFFClose(tiff);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
    char *bitmaps, *version;
    long bytes, pages, rounds, i, j;
    double start;
    FILE *in;

    if (argc != 3 || !(in = fopen(argv[1], "rb")))
        return 2;
    fseek(in, 0, SEEK_END);
    bytes = ftell(in);
    rewind(in);
    bitmaps = malloc(bytes);
    if (!bitmaps || fread(bitmaps, 1, bytes, in) != (size_t) bytes)
        return 2;
    pages = bytes / PAGE;
    rounds = atol(argv[2]);
    start = cpu_seconds();
    for (j = 0; j < rounds; j++)
        for (i = 0; i < pages; i++)
            encode(bitmaps + i * PAGE);
    version = strtok(strdup(TIFFGetVersion()), "\n");
    printf("%.4f %s\n", (cpu_seconds() - start) * 1e3 / (pages * rounds), version);
    return 0;
}
