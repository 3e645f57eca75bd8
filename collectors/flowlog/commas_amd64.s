#include "textflag.h"

// func commas128(p *[128]byte) (low, high uint64)
//
// SSE2, which every amd64 has: 16 bytes are compared at a time, and a bit is
// kept of each.
TEXT ·commas128(SB), NOSPLIT, $0-24
	MOVQ       p+0(FP), SI
	MOVQ       $0x2c2c2c2c2c2c2c2c, AX
	MOVQ       AX, X0
	PUNPCKLQDQ X0, X0
	MOVOU      0(SI), X1
	MOVOU      16(SI), X2
	MOVOU      32(SI), X3
	MOVOU      48(SI), X4
	MOVOU      64(SI), X5
	MOVOU      80(SI), X6
	MOVOU      96(SI), X7
	MOVOU      112(SI), X8
	PCMPEQB    X0, X1
	PCMPEQB    X0, X2
	PCMPEQB    X0, X3
	PCMPEQB    X0, X4
	PCMPEQB    X0, X5
	PCMPEQB    X0, X6
	PCMPEQB    X0, X7
	PCMPEQB    X0, X8
	PMOVMSKB   X1, AX
	PMOVMSKB   X2, BX
	PMOVMSKB   X3, CX
	PMOVMSKB   X4, DX
	SHLQ       $16, BX
	SHLQ       $32, CX
	SHLQ       $48, DX
	ORQ        BX, AX
	ORQ        DX, CX
	ORQ        CX, AX
	MOVQ       AX, low+8(FP)
	PMOVMSKB   X5, AX
	PMOVMSKB   X6, BX
	PMOVMSKB   X7, CX
	PMOVMSKB   X8, DX
	SHLQ       $16, BX
	SHLQ       $32, CX
	SHLQ       $48, DX
	ORQ        BX, AX
	ORQ        DX, CX
	ORQ        CX, AX
	MOVQ       AX, high+16(FP)
	RET
