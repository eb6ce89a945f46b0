/* Sends a TIFF through spandsp's T.30 stack to a second one, which writes what it received.
 *
 * usage: t30_loop SENT.tif RECEIVED.tif
 * Prints "result=CODE pages=N seconds=S bits_per_second=R"; exits 0 when the whole fax was confirmed.
 * The two machines exchange 20 ms frames of audio crosswise, with ECM and MMR offered on both sides.
 */
#include <stdio.h>
#include <stdint.h>
#include <tiffio.h>
#include <spandsp.h>

#define FRAME 160
#define FRAMES_MAX (50 * 60 * 20)

static int finished[2];
static int results[2] = {-1, -1};

static void end_of_fax(t30_state_t *t30, void *user_data, int result)
{
    int side = (int) (intptr_t) user_data;
    (void) t30;
    results[side] = result;
    finished[side] = 1;
}

static fax_state_t *start(int side, int calling)
{
    fax_state_t *fax = fax_init(NULL, calling);
    t30_state_t *t30 = fax_get_t30_state(fax);
    fax_set_transmit_on_idle(fax, 1);
    t30_set_ecm_capability(t30, 1);
    t30_set_supported_compressions(t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION
                                        | T30_SUPPORT_T6_COMPRESSION);
    t30_set_supported_resolutions(t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION
                                       | T30_SUPPORT_SUPERFINE_RESOLUTION);
    t30_set_phase_e_handler(t30, end_of_fax, (void *) (intptr_t) side);
    return fax;
}

static void send_audio(fax_state_t *from, fax_state_t *to)
{
    int16_t audio[FRAME] = {0};
    fax_tx(from, audio, FRAME);
    fax_rx(to, audio, FRAME);
}

int main(int argc, char *argv[])
{
    fax_state_t *sender, *receiver;
    t30_stats_t stats;
    int frame;

    if (argc != 3)
        return 2;
    sender = start(0, 1);
    receiver = start(1, 0);
    t30_set_tx_file(fax_get_t30_state(sender), argv[1], -1, -1);
    t30_set_rx_file(fax_get_t30_state(receiver), argv[2], -1);
    for (frame = 0; frame < FRAMES_MAX && !(finished[0] && finished[1]); frame++) {
        send_audio(sender, receiver);
        send_audio(receiver, sender);
    }
    t30_get_transfer_statistics(fax_get_t30_state(sender), &stats);
    printf("result=%d pages=%d seconds=%.1f bits_per_second=%d\n", results[0], stats.pages_tx, frame * 0.02, stats.bit_rate);
    return results[0] == T30_ERR_OK && results[1] == T30_ERR_OK ? 0 : 1;
}
