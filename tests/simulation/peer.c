/* SPDX-License-Identifier: MPL-2.0 */
/* peer -- see peer.h */
#include "peer.h"

#include <string.h>

#include <base/check.h>

#include "tamper.h"

static pair_peer_t *
pair_peer(sim_pair_t *self, uint32_t from, uint64_t far)
{
    for (uint32_t i = 0; i < PAIR_PEERS; i++) {
        pair_peer_t *peer = &self->peers[i];
        if (peer->far == far && (far == 0 || peer->from == from))
            return peer;
    }
    return NULL;
}

pair_peer_t *
sim_peer_of_link(sim_pair_t *self, uint32_t to, uint64_t link)
{
    for (uint32_t i = 0; i < PAIR_PEERS; i++) {
        pair_peer_t *peer = &self->peers[i];
        if (peer->far != 0 && peer->to == to && peer->link == link && link != 0)
            return peer;
    }
    return NULL;
}

void
sim_peer_cut(sim_pair_t *self, pair_peer_t *peer)
{
    sim_link_t *link = sim_wire_find(&self->wires[peer->to], peer->link);
    if (link != NULL)
        sim_wire_cut(&self->wires[peer->to], link, false);
    peer->link = 0;
}

void
sim_peer_on_far(void *context, sim_manager_t *manager, const hfi_output_t *output)
{
    sim_pair_t *self = context;
    uint32_t from = (uint32_t)(manager - self->managers);
    if (output->kind == HFI_OUTPUT_FAR_OPEN) {
        pair_peer_t *peer = pair_peer(self, 0, 0);
        HF_ASSERT(peer != NULL);
        hfi_span_t first = hfi_span_of(self->managers[0].site.endpoint);
        bool is_first = hfi_span_equal(output->text, first);
        *peer = (pair_peer_t){.far = output->link, .from = from, .to = is_first ? 0 : 1};
        if (!self->may[from])
            sim_fail(&self->sim, SIM_CHECK_SESSION, "P7: manager %u connects to where it may not",
                     from);
        sim_trace(&self->sim, "manager %u connects to manager %u", from, peer->to);
        return;
    }
    pair_peer_t *peer = pair_peer(self, from, output->link);
    HF_ASSERT(peer != NULL);
    if (output->kind == HFI_OUTPUT_FAR_CLOSE) {
        sim_trace(&self->sim, "manager %u leaves manager %u", from, peer->to);
        sim_peer_cut(self, peer);
        *peer = (pair_peer_t){0};
        return;
    }
    sim_link_t *link = sim_wire_find(&self->wires[peer->to], peer->link);
    hfi_bytes_t changed = {0};
    hfi_span_t frame = output->bytes;
    if (link != NULL && sim_tamper_far(&self->sim, &frame, &changed))
        frame = hfi_bytes_span(&changed);
    if (link != NULL)
        (void)sim_wire_send_up(&self->wires[peer->to], link, frame.at, frame.len);
    hfi_bytes_close(&changed);
}

void
sim_peer_connect(sim_pair_t *self, pair_peer_t *peer)
{
    if (peer->far == 0 || peer->link != 0 || peer->away_ns > self->sim.now_ns)
        return;
    peer->link = sim_wire_connect(&self->wires[peer->to], PAIR_PEER)->number;
    sim_manager_apply(&self->managers[peer->from],
                      &(hfi_event_t){.kind = HFI_EVENT_FAR_UP, .link = peer->far});
}

void
sim_peer_lose(sim_pair_t *self, pair_peer_t *peer, int64_t away_ns)
{
    if (peer->far == 0 || peer->link == 0)
        return;
    sim_peer_cut(self, peer);
    peer->away_ns = self->sim.now_ns + away_ns;
    sim_manager_apply(&self->managers[peer->from],
                      &(hfi_event_t){.kind = HFI_EVENT_FAR_DOWN, .link = peer->far});
}
